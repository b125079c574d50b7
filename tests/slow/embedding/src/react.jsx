import { useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

function Shop() {
  const [survey, setSurvey] = useState();
  const [lang, setLang] = useState("en");
  const [open, setOpen] = useState(true);
  const [sent, setSent] = useState(0);
  const element = useRef(null);
  useEffect(() => {
    fetch("/survey.json").then((answer) => answer.json()).then((found) => setSurvey(found.survey));
  }, []);
  useEffect(() => {
    const count = () => setSent((before) => before + 1);
    const shown = element.current;
    shown?.addEventListener("surveyapp:sent", count);
    return () => shown?.removeEventListener("surveyapp:sent", count);
  }, [open]);
  return <main>
    <h1>Shop</h1>
    <button id="fi" onClick={() => setLang("fi")}>Suomi</button>
    <button id="open" onClick={() => setOpen(!open)}>Open or close</button>
    <p id="sent">{sent}</p>
    {open && <survey-app ref={element} survey={survey} lang={lang} />}
  </main>;
}

createRoot(document.getElementById("root")).render(<Shop />);
