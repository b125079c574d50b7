/* <survey-app survey="abcdefghjk"></survey-app>: a survey inside another page, as high as it is.
   Also: base (where the survey lives), item (one question first), lang, label (for screen readers).
   Attributes may change at any time. deployment: the old name of survey.
   Fires surveyapp:sent when answers have arrived. */
(() => {
  "use strict";
  if (customElements.get("survey-app")) return;
  const home = document.currentScript ? document.currentScript.src : location.href;
  const NAME = /^[\w-]{1,130}$/;

  customElements.define("survey-app", class extends HTMLElement {
    static observedAttributes = ["survey", "deployment", "base", "item", "lang", "label"];
    #root = this.attachShadow({ mode: "closed" });
    #shown = "";
    #hear = null;
    #due = false;

    connectedCallback() { this.#show(); }
    disconnectedCallback() { this.#close(); }

    // Frameworks set attributes one by one: the frame follows after the last.
    attributeChangedCallback() {
      if (!this.#due) queueMicrotask(() => { this.#due = false; if (this.isConnected) this.#show(); });
      this.#due = true;
    }

    #show() {
      const given = (name) => this.getAttribute(name) || "";
      const link = given("survey") || given("deployment");
      const item = given("item");
      if (!NAME.test(link) || (item && !NAME.test(item))) return this.#close();
      const address = new URL(`/e/${link}${item && `/item/${item}`}`, new URL(given("base") || home, location.href));
      if (!/^https?:$/.test(address.protocol)) return this.#close();
      if (this.lang) address.searchParams.set("lang", this.lang);
      if (address.href !== this.#shown) this.#open(address);
      this.#root.firstChild.title = given("label") || "Survey";
    }

    #close() {
      removeEventListener("message", this.#hear);
      this.#root.replaceChildren();
      this.#shown = "";
    }

    #open({ href, origin }) {
      this.#close();
      const frame = document.createElement("iframe");
      frame.loading = "lazy";
      frame.referrerPolicy = "no-referrer";
      frame.scrolling = "no";
      frame.style.cssText = "display:block;width:100%;border:0";
      let loads = 0;
      frame.onload = () => {
        // A page that went on, to its faults or thanks, begins at its top.
        if (loads++ && this.getBoundingClientRect().top < 0) this.scrollIntoView();
        frame.contentWindow.postMessage({ surveyapp: "hello" }, origin);
      };
      this.#hear = ({ source, origin: from, data }) => {
        if (source !== frame.contentWindow || from !== origin || !data) return;
        if (data.surveyapp === "height" && data.height > 0 && data.height < 1e5) {
          frame.style.height = `${Math.ceil(data.height)}px`;
        }
        if (data.surveyapp === "sent") {
          this.dispatchEvent(new CustomEvent("surveyapp:sent", { bubbles: true, composed: true }));
        }
      };
      addEventListener("message", this.#hear);
      frame.src = this.#shown = href;
      this.style.display = "block";
      this.#root.append(frame);
    }
  });
})();
