"""`maskloop doctor`"""

import typer

from maskloop.platform.settings import load_settings
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson


def doctor(as_json: AsJson = False) -> None:
    """Check this machine: what works, what does not, and what to do about it."""
    from maskloop.services.doctor import Verdict, examine

    marks = {
        Verdict.OK: "[green]✓[/]",
        Verdict.WARNING: "[yellow]![/]",
        Verdict.FAILED: "[red]✗[/]",
    }
    findings = []
    for finding in examine(load_settings()):
        findings.append(finding)
        if not as_json:
            console.out.print(f"{marks[finding.verdict]} {finding.what:13}", end="")
            console.say(finding.says)
    if as_json:
        console.write_json(
            [{"what": f.what, "verdict": f.verdict, "says": f.says} for f in findings]
        )
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise typer.Exit(1)
