/** Documents that are used for years, as stories: whole regions with the rooms in which people write, one process, no sockets. */
import { expect, test } from "vitest";
import { applyUpdate, Doc } from "yjs";
import { LIMITS } from "../../core/limits.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { AnswerBudget } from "../../gateway/documents/answer-budget.ts";
import { DocumentRoom } from "../../gateway/documents/room.ts";
import type { Seat } from "../../gateway/documents/seat.ts";
import { LinkedMesh } from "./linked-mesh.ts";

const USER = { roles: ["user"] } as const;
type Name = LinkedMesh["names"][number];

class Notes {
  readonly mesh: LinkedMesh;
  readonly #shown: string;
  readonly #identity: string;
  #ids = 0;

  private constructor(mesh: LinkedMesh, shown: string) {
    this.mesh = mesh;
    this.#shown = shown;
    this.#identity = shown.slice(-26);
  }

  static async open(): Promise<Notes> {
    const mesh = await LinkedMesh.open();
    const members = [{ user: "eve", role: "member" } as const];
    const notes = new Notes(mesh, String((await mesh.do("us", "ana", { kind: "channel.create", name: "notes", members }))["id"]));
    await mesh.time.pass(2_000);
    return notes;
  }

  /** Somebody who opens the document in a region. */
  join(region: Name, user: string) {
    const { acceptor, documents, feed } = this.mesh.at(region);
    const channel = this.#identity;
    const room = new DocumentRoom({
      ...{ channel, document: null, timers: this.mesh.time, budget: new AnswerBudget() },
      newId: () => `change-${(this.#ids += 1)}`,
      submit: (actor, command) => acceptor.submit(actor, { ...command, channel: this.#shown }),
      changes: () => documents.changes(channel, null),
      tell: () => {},
      failed: (why) => {
        throw why;
      },
    });
    feed.listen(({ wire }) => {
      if (wire.kind === "document.updated") room.hear(String((wire.data as { readonly update: string }).update));
    });
    const closes: string[] = [];
    const seat: Seat = { actor: { user, ...USER }, send: () => {}, close: (why) => void closes.push(why) };
    room.join(seat);
    const doc = new Doc();
    for (const change of documents.changes(channel, null)) applyUpdate(doc, Buffer.from(change, "base64"), "region");
    doc.on("update", (update: Uint8Array, by: unknown) => {
      if (by !== "region") room.take(seat, { type: "change", update });
    });
    const text = doc.getText("notes");
    const write = (act: () => void): Promise<void> => {
      act();
      return this.mesh.time.settled(room.settled());
    };
    return { text, write, second: () => room.tidy() };
  }

  /** What somebody reads who opens it now: so many pieces, so many bytes, and the text. */
  read(region: Name): { readonly pieces: number; readonly bytes: number; readonly text: string } {
    const pieces = [...this.mesh.at(region).documents.changes(this.#identity, null)].map((change) => Buffer.from(change, "base64"));
    const doc = new Doc();
    for (const piece of pieces) applyUpdate(doc, piece);
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    return { pieces: pieces.length, bytes, text: String(doc.getText("notes")) };
  }

  /** All that was ever changed, in bytes, as the registers keep it. */
  everBytes(region: Name): number {
    const { tables } = this.mesh.at(region).replica;
    const changes = [...tables.range("registers", keysUnder(`${this.#identity}|document|`))];
    return changes.reduce((sum, [, { resolution }]) => sum + (String(resolution.value).length * 3) / 4, 0);
  }

  async verified(): Promise<boolean> {
    return (await this.mesh.time.settled(this.mesh.at("eu").verifier.verify({}))).equal;
  }
}

const PAGE = "words ".repeat(40_000);

test("a document into which twice as much was typed, and deleted again, as it may hold stays open to writers, also after kill -9", async () => {
  const notes = await Notes.open();
  const ana = notes.join("us", "ana");
  for (let nth = 0; notes.everBytes("us") < 2 * LIMITS.documentBytes; nth += 1) {
    await ana.write(() => ana.text.insert(0, `${nth} ${PAGE}`));
    await ana.write(() => ana.text.delete(0, ana.text.length));
  }
  await ana.write(() => ana.text.insert(0, "all that is left"));
  await notes.mesh.time.pass(3_000);
  for (const name of notes.mesh.names) {
    const { text, bytes } = notes.read(name);
    expect([name, text, bytes < LIMITS.documentBytes / 16]).toEqual([name, "all that is left", true]);
  }
  await notes.mesh.kill("us");
  await notes.mesh.time.pass(3_000);
  const again = notes.join("us", "ana");
  expect([String(again.text), notes.read("us").bytes < LIMITS.documentBytes / 16]).toEqual(["all that is left", true]);
  await again.write(() => again.text.insert(0, "that is not "));
  await notes.mesh.time.pass(3_000);
  for (const name of notes.mesh.names) expect(notes.read(name).text).toBe("that is not all that is left");
  expect(await notes.verified()).toBe(true);
});

test("a document is full when its text is; then somebody may delete of it, and it is open again", async () => {
  const notes = await Notes.open();
  const full = expect.objectContaining({ code: "too-large" });
  let letters = 0;
  const fill = async (length: number): Promise<void> => {
    const one = notes.join("us", "ana");
    for (;;) {
      await one.write(() => one.text.insert(0, PAGE.slice(0, length)));
      letters += length;
    }
  };
  for (const length of [PAGE.length, 5_000, 500]) await expect(fill(length)).rejects.toEqual(full);
  expect(letters).toBeGreaterThan(LIMITS.documentBytes - 2_000);
  await expect(fill(2_000)).rejects.toEqual(full);
  const mender = notes.join("us", "eve");
  for (let nth = 0; nth < 20; nth += 1) await mender.write(() => mender.text.delete(0, 10_000));
  mender.second();
  await mender.write(() => mender.text.insert(0, PAGE.slice(0, 150_000)));
  await expect(async () => mender.write(() => mender.text.insert(0, PAGE))).rejects.toEqual(full);
  expect(notes.read("us").text.length).toBe(letters - 200_000 + 150_000);
});

test("both sides of a cut go on with it for long: each folds its own, and after the heal one text stands everywhere", async () => {
  const notes = await Notes.open();
  const [us, eu] = [notes.join("us", "ana"), notes.join("eu", "eve")];
  await us.write(() => us.text.insert(0, "together "));
  await notes.mesh.time.pass(2_000);
  notes.mesh.cut("us");
  await notes.mesh.time.pass(3_000);
  for (const [one, name] of [
    [us, "us"],
    [eu, "eu"],
  ] as const)
    for (let nth = 0; nth < 40; nth += 1) {
      await one.write(() => one.text.insert(0, `${name}${nth} ${PAGE.slice(0, 20_000)}`));
      await one.write(() => one.text.delete(`${name}${nth} `.length, 20_000));
    }
  await notes.mesh.time.pass(3_000);
  for (const name of ["us", "eu"] as const) expect([name, notes.read(name).bytes < 200_000]).toEqual([name, true]);
  await notes.mesh.kill("us");
  notes.mesh.heal();
  await notes.mesh.time.until(() => notes.read("us").text.includes("eu39") && notes.read("eu").text.includes("us39"));
  await notes.mesh.time.pass(5_000);
  const [one, ...others] = notes.mesh.names.map((name) => notes.read(name).text);
  expect(others).toEqual([one, one]);
  for (let nth = 0; nth < 40; nth += 1) expect([one?.includes(`us${nth} `), one?.includes(`eu${nth} `)]).toEqual([true, true]);
  expect(await notes.verified()).toBe(true);
});
