import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NobodyListens, openControl, order } from "./control.ts";
import { meshFolder } from "./folder.ts";
import { Refused } from "./refused.ts";

test("an order is answered, a refusal keeps its words, and only the owner may give any", async () => {
  const data = mkdtempSync(join(tmpdir(), "atoll-control-"));
  const path = join(data, "control.sock");
  const control = await openControl(path, async (given) => {
    if (given.order === "kill") throw new Refused(2, "there is no region mars", "regions: us");
    return { did: given.order };
  });
  try {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await order(path, { order: "cut", regions: ["us"] })).toEqual({ did: "cut" });
    await expect(order(path, { order: "kill", region: "mars" })).rejects.toMatchObject({ code: 2, hint: "regions: us" });
  } finally {
    await control.close();
    rmSync(data, { recursive: true });
  }
  await expect(order(path, { order: "stop" })).rejects.toBeInstanceOf(NobodyListens);
});

test("the socket of a folder with a long name is elsewhere, as its path would not fit", () => {
  const long = meshFolder(`/tmp/${"a".repeat(200)}`);
  expect(long.socket.length).toBeLessThan(100);
  expect(meshFolder("/tmp/mesh").socket).toBe("/tmp/mesh/control.sock");
});
