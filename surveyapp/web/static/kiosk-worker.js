/* Keeps a kiosk's page at hand while the connection is away. It keeps pages only; answers wait in the
   page's own database. */
"use strict";
const CACHE = "surveyapp-kiosk";
const PATIENCE = 4000; // milliseconds before a slow connection counts as none

addEventListener("install", () => self.skipWaiting());
addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const own = origin === location.origin && /^\/(k\/|s\/[^/]+\/logo|static\/kiosk)/.test(pathname);
  if (request.method === "GET" && own) event.respondWith(fetched(request));
});

async function fetched(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok && !answer.redirected) await cache.put(request, answer.clone());
    if (answer.status < 500) return answer;
  } catch { /* away or too slow */ }
  const kept = await cache.match(request) || await cache.match(request, { ignoreSearch: true });
  return kept || Response.error();
}
