/** Commands about webhooks: who may, what an event holds, what two cut-off regions make of one. */
import { describe, expect, test } from "vitest";
import { answerOf } from "../../reconciliation/read/answers.ts";
import type { Event } from "../event.ts";
import { shownId } from "../ids.ts";
import type { Webhook } from "../objects.ts";
import { registerKey } from "../register.ts";
import { bornWebhook, signingGenerations, webhookSecrets, webhookValue } from "../webhooks.ts";
import { type Asked, People } from "./people.test-model.ts";

const URL_ONE = "https://bots.example.com/one";
const secretOf = webhookSecrets("the mesh's secret");

function made(people: People, asked: Asked = {}): { readonly id: string; readonly webhook: string } {
  const [event] = people.done("owner", { kind: "webhook.set", channel: people.channel, url: URL_ONE }, asked);
  const webhook = event?.kind === "webhook.set" ? event.data.webhook : "";
  return { webhook, id: shownId("webhook", webhook, event?.stamp ?? "") };
}
const answer = (event: Event | undefined): Webhook => answerOf(event as Event, (channel) => channel, secretOf) as unknown as Webhook;

describe("webhook.set", () => {
  test("makes one that is enabled and told everything; what a change does not name stays", () => {
    const people = People.gathered();
    const { channel } = people;
    const { id, webhook } = made(people);
    const key = registerKey.webhook(people.identity, webhook);
    expect(people.valueOf(key)).toEqual({ url: URL_ONE, events: null, enabled: true, generation: 1, name: null });
    people.done("moderator", { kind: "webhook.set", channel, webhook: id, events: ["message.sent"], name: "deploys" });
    people.done("owner", { kind: "webhook.set", channel, webhook: id, enabled: false });
    expect(people.valueOf(key)).toEqual({ url: URL_ONE, events: ["message.sent"], enabled: false, generation: 1, name: "deploys" });
    people.done("owner", { kind: "webhook.set", channel, webhook: id, name: null, events: null, enabled: true });
    expect(people.valueOf(key)).toEqual({ url: URL_ONE, events: null, enabled: true, generation: 1, name: null });
  });

  test("nothing named is invalid, so are none of its own, another channel's, and one without url", () => {
    const people = People.gathered();
    const { channel } = people;
    const { id } = made(people);
    expect(people.refused("owner", { kind: "webhook.set", channel, webhook: id })).toBe("invalid");
    expect(people.refused("owner", { kind: "webhook.set", channel })).toBe("invalid");
    expect(people.refused("owner", { kind: "webhook.set", channel, url: "http://bots.example.com/" })).toBe("invalid");
    expect(people.refused("owner", { kind: "webhook.set", channel, webhook: id, url: "https://10.0.0.1/" })).toBe("invalid");
    for (const webhook of [id.replace("whk", "msg"), `${id.slice(0, -1)}~`, "", shownId("webhook", "z".repeat(26), "x-us")])
      expect(people.refused("owner", { kind: "webhook.set", channel, webhook, enabled: true })).toBe("not-found");
    const [other] = people.done("owner", { kind: "channel.create", name: "two" });
    const elsewhere = shownId("channel", other?.channel ?? "", other?.stamp ?? "");
    expect(people.refused("owner", { kind: "webhook.set", channel: elsewhere, webhook: id, enabled: true })).toBe("not-found");
  });

  test("a channel has ten; one that is removed makes room", () => {
    const people = People.gathered();
    const { channel } = people;
    const ids = Array.from({ length: 10 }, () => made(people).id);
    expect(people.refused("owner", { kind: "webhook.set", channel, url: URL_ONE })).toBe("invalid");
    people.done("moderator", { kind: "webhook.remove", channel, webhook: ids[3] ?? "" });
    expect(people.refused("owner", { kind: "webhook.set", channel, url: URL_ONE })).toBe("accepted");
  });

  test("the secret is in the answer of who makes or rotates it, derived, and in no event", () => {
    const people = People.gathered();
    const { channel } = people;
    const [first] = people.done("owner", { kind: "webhook.set", channel, url: URL_ONE });
    const { id, secret } = answer(first);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const [renamed] = people.done("owner", { kind: "webhook.set", channel, webhook: id, name: "n" });
    expect([answer(renamed).secret, answer(renamed).name]).toEqual([undefined, "n"]);
    const [rotated] = people.done("moderator", { kind: "webhook.set", channel, webhook: id, rotate: true });
    expect(answer(rotated).secret).toMatch(/^whsec_/);
    expect(answer(rotated).secret).not.toBe(secret);
    for (const { event } of people.us.log) expect(JSON.stringify(event)).not.toContain("whsec_");
    const register = people.register(registerKey.webhook(people.identity, first?.kind === "webhook.set" ? first.data.webhook : ""));
    const value = webhookValue(register);
    const dayMs = 24 * 3_600_000;
    if (register === undefined || value === undefined) throw new Error("it is there");
    expect(signingGenerations(register, value, people.nowMs + 1_000)).toEqual([2, 1]);
    expect(signingGenerations(register, value, people.nowMs + dayMs - 1_000)).toEqual([2, 1]);
    expect(signingGenerations(register, value, people.nowMs + dayMs + 1_000)).toEqual([2]);
  });

  test("T3: one creation in two cut-off regions is one webhook, found by both ids", () => {
    const people = People.gathered();
    const there = made(people, { id: "k", at: people.eu });
    const here = made(people, { id: "k" });
    people.meet();
    expect(here.webhook).toBe(there.webhook);
    for (const at of [people.us, people.eu]) {
      const register = people.register(registerKey.webhook(people.identity, here.webhook), at);
      expect([register?.resolution.heads.length, register?.resolution.records]).toEqual([1, []]);
      expect(shownId("webhook", here.webhook, register === undefined ? "" : bornWebhook(register))).toBe(there.id);
      for (const id of [here.id, there.id])
        expect(people.refused("owner", { kind: "webhook.set", channel: people.channel, webhook: id, name: "x" }, { at })).toBe("accepted");
    }
  });

  test("S3: changed in two cut-off regions the later one stands in both, with a record", () => {
    const people = People.gathered();
    const { id, webhook } = made(people);
    people.meet();
    const set = (url: string, at: People["us"]) =>
      people.done("owner", { kind: "webhook.set", channel: people.channel, webhook: id, url }, { at });
    const [lost] = set("https://bots.example.com/us", people.us);
    set("https://bots.example.com/eu", people.eu);
    people.meet();
    for (const at of [people.us, people.eu]) {
      const { resolution } = people.register(registerKey.webhook(people.identity, webhook), at) ?? {};
      expect(resolution?.value).toMatchObject({ url: "https://bots.example.com/eu" });
      expect(resolution?.records.map(({ losers, rule }) => [losers, rule])).toEqual([[[lost?.stamp], "lww"]]);
    }
  });
});

test("webhook.remove: it is gone, and who asks for it again is told so", () => {
  const people = People.gathered();
  const { id, webhook } = made(people);
  people.done("owner", { kind: "webhook.remove", channel: people.channel, webhook: id });
  expect(people.valueOf(registerKey.webhook(people.identity, webhook))).toBe(null);
  expect(people.refused("owner", { kind: "webhook.remove", channel: people.channel, webhook: id })).toBe("not-found");
});
