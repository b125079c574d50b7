import { createApp, h, ref } from "vue";

createApp({
  setup() {
    const survey = ref();
    const lang = ref("en");
    const open = ref(true);
    const sent = ref(0);
    fetch("/survey.json").then((answer) => answer.json()).then((found) => { survey.value = found.survey; });
    return () => h("main", [
      h("h1", "Shop"),
      h("button", { id: "fi", onClick: () => { lang.value = "fi"; } }, "Suomi"),
      h("button", { id: "open", onClick: () => { open.value = !open.value; } }, "Open or close"),
      h("p", { id: "sent" }, sent.value),
      open.value && h("survey-app", {
        survey: survey.value,
        lang: lang.value,
        "onSurveyapp:sent": () => { sent.value += 1; },
      }),
    ]);
  },
}).mount("#root");
