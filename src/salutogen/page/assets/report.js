(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted");
  const button = document.getElementById("theme");
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark"
      : window.matchMedia("(prefers-color-scheme: dark)").matches;
  const asked = /^#theme=(light|dark)$/.exec(window.location.hash);
  if (asked) root.dataset.theme = asked[1];
  const name = () => { button.textContent = dark() ? "Light page" : "Dark page"; };
  const live = new Map();

  // Colours of the drawing are those of the page at this moment.
  const painted = (id) => {
    const palette = JSON.parse(document.getElementById("palette").textContent);
    const style = window.getComputedStyle(root);
    let text = document.getElementById(`spec-${id}`).textContent;
    for (const [token, light] of Object.entries(palette)) {
      text = text.split(`"${light}"`).join(`"${style.getPropertyValue(`--c-${token}`).trim()}"`);
    }
    return JSON.parse(text);
  };
  const show = async (id) => {
    const holder = document.getElementById(`live-${id}`);
    const made = await window.vegaEmbed(holder, painted(id), {
      actions: false, renderer: "svg",
      ast: true, // expressions are interpreted: the page's policy allows no text to become code
      tooltip: { theme: dark() ? "dark" : "light" },
    });
    live.set(id, made);
  };
  const hide = (id) => {
    live.get(id).finalize();
    live.delete(id);
    document.getElementById(`live-${id}`).replaceChildren();
  };
  for (const explore of document.querySelectorAll(".explore")) {
    const id = explore.dataset.figure;
    explore.addEventListener("click", async () => {
      const drawing = document.getElementById(`drawing-${id}`);
      const on = !live.has(id);
      if (on) await show(id); else hide(id);
      drawing.hidden = on;
      explore.setAttribute("aria-pressed", String(on));
      explore.textContent = on ? "Back to the still figure" : "Explore with hover cards and zoom";
    });
  }
  const repaint = () => { name(); for (const id of [...live.keys()]) { hide(id); show(id); } };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    repaint();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  window.addEventListener("beforeprint", () => {
    for (const drawing of document.querySelectorAll(".drawing")) drawing.hidden = false;
  });
  name();
})();
