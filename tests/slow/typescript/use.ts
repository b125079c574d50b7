// Does with the generated types what a program does with the API, and writes down what came back.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Problem = components["schemas"]["Problem"];
type Response = components["schemas"]["Response"];

declare const process: { argv: string[] };
const [base = "", key = "", survey = ""] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}` };
const client = createClient<paths>({ baseUrl: base, headers });

function taken<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no answer");
  return answer.data;
}

const hour = 3_600_000;
const at = new Date(Date.now() - hour).toISOString();
const events: components["schemas"]["Interaction"][] = [
  { journey: "open", touchpoint: "form", customer_ref: "T-1", at, attributes: { region: "North", tenure: 3 } },
  { journey: "open", touchpoint: "nowhere", customer_ref: "T-2", at },
];
const received = taken(await client.POST("/api/v1/interactions", { body: { interactions: events } }));

const { surveys } = taken(await client.GET("/api/v1/surveys"));
const { deployments } = taken(await client.GET("/api/v1/deployments"));

const links = taken(
  await client.POST("/api/v1/invitations", {
    body: {
      survey,
      customers: [{ customer_ref: "T-7", attributes: { region: "North", premium: true } }, {}],
      expires_at: new Date(Date.now() + 72 * hour).toISOString(),
    },
  }),
);

async function toTheEnd(corrected: boolean): Promise<Response[]> {
  const found: Response[] = [];
  let after: string | undefined;
  for (;;) {
    const query = { survey, corrected, limit: 3, ...(after === undefined ? {} : { after }) };
    const page = taken(await client.GET("/api/v1/responses", { params: { query } }));
    if (page.responses.length === 0) return found;
    found.push(...page.responses);
    after = page.next ?? undefined;
  }
}

const responses = await toTheEnd(false);
const corrected = await toTheEnd(true);
const { erasures } = taken(await client.GET("/api/v1/erasures", { params: { query: { survey } } }));

const results = taken(
  await client.GET("/api/v1/journeys/{code}/results", { params: { path: { code: "open" } } }),
);
const figure = results.stages[0]?.touchpoints[0]?.figures[0];

const bounces = taken(
  await client.POST("/api/v1/bounces", { body: { bounces: [{ email: "nobody@example.org", reason: "", at }] } }),
);
const optOuts = taken(
  await client.POST("/api/v1/opt-outs", { body: { opt_outs: [{ email: "bo@example.org" }] } }),
);

const stranger = createClient<paths>({ baseUrl: base, headers: { Authorization: "Bearer nobody" } });
const problems: (Problem | undefined)[] = [
  (await stranger.GET("/api/v1/surveys")).error,
  (await client.GET("/api/v1/journeys/{code}/results", { params: { path: { code: "none" } } })).error,
  (await client.GET("/api/v1/responses", { params: { query: { survey, after: "garbage" } } })).error,
  (await client.POST("/api/v1/interactions", { body: { interactions: events.slice(1) } })).error,
];

console.log(
  JSON.stringify({
    stored: received.stored,
    refused: received.refused.map((each) => [each.place, each.field]),
    surveys: surveys.map((each) => each.code),
    deployments: deployments.map((each) => each.code),
    links: links.invitations.map((each) => each.customer_ref),
    responses: responses.map((each) => each.response_id),
    corrected: corrected.map((each) => each.response_id),
    erased: erasures.map((each) => each.response_id),
    figure: figure && { state: figure.state, n: figure.n, reason: figure.reason },
    unknown: bounces.unknown,
    added: optOuts.added,
    problems: problems.map((each) => each && [each.status, each.type, each.errors?.[0]?.field]),
  }),
);
