/* <survey-app survey="abcdefghjk"></survey-app>: a survey inside another page, as high as it is.
   Also: base (where the survey lives), item (one question first), lang, label (for screen readers).
   The attribute survey was once called deployment; pages that say so still work.
   Fires surveyapp:sent when answers have arrived. */
(() => {
  "use strict";
  if (customElements.get("survey-app")) return;
  const home = document.currentScript ? document.currentScript.src : location.href;
  const NAME = /^[\w-]{1,130}$/;

  customElements.define("survey-app", class extends HTMLElement {
    #root = this.attachShadow({ mode: "closed" });
    #hear = null;

    connectedCallback() {
      const link = this.getAttribute("survey") || this.getAttribute("deployment") || "";
      const item = this.getAttribute("item") || "";
      if (!NAME.test(link) || (item && !NAME.test(item))) return;
      const address = new URL(`/e/${link}${item ? `/item/${item}` : ""}`,
        new URL(this.getAttribute("base") || home, location.href));
      if (!/^https?:$/.test(address.protocol)) return;
      if (this.lang) address.searchParams.set("lang", this.lang);

      const frame = document.createElement("iframe");
      frame.title = this.getAttribute("label") || "Survey";
      frame.loading = "lazy";
      frame.referrerPolicy = "no-referrer";
      frame.scrolling = "no";
      frame.style.cssText = "display:block;width:100%;border:0";
      let loads = 0;
      frame.addEventListener("load", () => {
        // A page that went on, to its faults or thanks, begins at its top.
        if (loads++ && this.getBoundingClientRect().top < 0) this.scrollIntoView();
        frame.contentWindow.postMessage({ surveyapp: "hello" }, address.origin);
      });
      this.#hear = (event) => {
        if (event.source !== frame.contentWindow || event.origin !== address.origin) return;
        const told = event.data || {};
        if (told.surveyapp === "height" && told.height > 0 && told.height < 1e5) {
          frame.style.height = `${Math.ceil(told.height)}px`;
        }
        if (told.surveyapp === "sent") {
          this.dispatchEvent(new CustomEvent("surveyapp:sent", { bubbles: true, composed: true }));
        }
      };
      addEventListener("message", this.#hear);
      frame.src = address.href;
      this.style.display = "block";
      this.#root.replaceChildren(frame);
    }

    disconnectedCallback() {
      removeEventListener("message", this.#hear);
      this.#root.replaceChildren();
    }
  });
})();
