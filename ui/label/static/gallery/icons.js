// Icons of the image list.

import { icon } from "../dom.js";

export const play = () => icon("M8 5.5v13l10.5-6.5z");
export const upload = () => icon("M12 16V4.5", "M7.5 9 12 4.5 16.5 9", "M4.5 15v3a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2v-3");
export const folder = () => icon("M3.5 7.5a2 2 0 0 1 2-2h3.6l2.2 2.5h7.2a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2z", "M12 17v-5.5", "M9.7 13.5 12 11.2l2.3 2.3");
export const search = () => icon("M11 4.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z", "m20 20-4.4-4.4");
export const cross = () => icon("m6.5 6.5 11 11", "m17.5 6.5-11 11");
export const check = () => icon("m5 12.5 4.5 4.5L19 7.5");
export const same = () => icon("M6 9.5h12", "M6 14.5h12");
export const warning = () => icon("M12 4 2.8 19.5h18.4z", "M12 10v4", "M12 17v.2");
export const again = () => icon("M19.5 12a7.5 7.5 0 1 1-2.4-5.5", "M19.5 3.5v4h-4");
export const person = () => icon("M12 4.5a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6z", "M4.8 20a7.2 7.2 0 0 1 14.4 0");
export const chevron = () => icon("m6.5 9.5 5.5 5.5 5.5-5.5");
export const pictures = () => icon("M3.5 8a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-10a2 2 0 0 1-2-2z", "M7 3.5h11.5a2 2 0 0 1 2 2V15", "m4 17 4-4.5 3 3 2-2 4 4");
export const nothing = () => icon("M11 4.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z", "m20 20-4.4-4.4", "m8.8 8.8 4.4 4.4", "m13.2 8.8-4.4 4.4");
export const clock = () => icon("M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16z", "M12 8v4.3l2.8 1.7");
