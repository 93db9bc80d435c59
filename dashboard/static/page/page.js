// Runs before Streamlit's own program, inside the document that every address answers with.

// Where the server is: else Streamlit asks /training/_stcore/health, too, which nobody answers.
window.__streamlit = { ...window.__streamlit, BACKEND_BASE_URL: new URL(".", location.href).href };

// The first page's address is the folder itself; by its name Streamlit says that it is not there.
if (location.pathname.endsWith("/network")) history.replaceState({}, "", new URL(`.${location.search}`, location.href));

// One entry of the browser's history a page: Streamlit makes one of every choice that is written into the address.
const push = history.pushState.bind(history);
history.pushState = (state, unused, address) => {
  const same = new URL(address ?? location.href, location.href).pathname === location.pathname;
  (same ? history.replaceState.bind(history) : push)(state, unused, address);
};
