// What the API would refuse does not compile: each of these lines must be an error of its own.
import type { components } from "./api.js";

const at = "2026-03-29T14:05:00+03:00";
// @ts-expect-error: the time is missing
export const timeless: components["schemas"]["Interaction"] = { journey: "open", touchpoint: "form", customer_ref: "1" };
// @ts-expect-error: an event has no score
export const scored: components["schemas"]["Interaction"] = { journey: "open", touchpoint: "form", customer_ref: "1", at, score: 5 };
// @ts-expect-error: there is no such state
export const state: components["schemas"]["Figure"]["state"] = "empty";
// @ts-expect-error: a problem has a type
export const problem: components["schemas"]["Problem"] = { title: "Invalid input", status: 422 };
