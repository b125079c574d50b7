// Moves the bars of running jobs; when one ends, the page is loaded once more to show its outcome.
"use strict";
for (const box of document.querySelectorAll("[data-progress]")) {
  const bar = box.querySelector("progress");
  const words = box.querySelector("[data-step]");
  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const job = await answer.json();
        bar.value = job.percent;
        words.textContent = job.step;
        if (job.state !== "waiting" && job.state !== "running") {
          location.reload();
          return;
        }
      } else if (answer.status === 404) {
        // Somebody else's job: its progress is for them. Loading the page by itself could lose what is typed.
        words.textContent = "Somebody else started this. Reload the page to see whether it is done.";
        return;
      }
    } catch {
      // The server may be restarting; the next question finds it again.
    }
    setTimeout(ask, 1500);
  };
  setTimeout(ask, 1000);
}
