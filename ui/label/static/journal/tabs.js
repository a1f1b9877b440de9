// The other tabs of the same person: one sends at a time, all hear what changed.

/**
 * @typedef {object} Tabs
 * @property {<T>(work: () => Promise<T>) => Promise<T>} exclusively  while no other tab does
 * @property {(message: object) => void} announce
 * @property {(listener: (message: object) => void) => void} onAnnounced   what others announce
 * @property {() => void} close
 */

/** Browsers give locks to https and loopback only; elsewhere two tabs may send the same, and the
 * server knows it by its key.
 * @param {string} name  of the journal that the tabs share
 * @returns {Tabs} */
export function openTabs(name) {
  const locks = globalThis.navigator?.locks;
  const channel = new BroadcastChannel(name);
  return {
    exclusively: locks ? (work) => locks.request(name, work) : (work) => work(),
    announce: (message) => channel.postMessage(message),
    onAnnounced: (listener) => {
      channel.onmessage = ({ data }) => listener(data);
    },
    close: () => channel.close(),
  };
}

/** Where nothing is shared.
 * @returns {Tabs} */
export function loneTab() {
  return { exclusively: (work) => work(), announce() {}, onAnnounced() {}, close() {} };
}
