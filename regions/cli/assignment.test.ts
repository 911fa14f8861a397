import { expect, test } from "vitest";
import { Stop } from "./answer.ts";
import { pairOf, parseClockOffsets, parseDelays, parsePort, parseRegions } from "./assignment.ts";

const REGIONS = ["us", "eu", "ap"];

test("a link is the same whichever end is named first", () => {
  expect(parseDelays(["eu-us=40ms", "ap-eu=1s"], REGIONS)).toEqual({ "us-eu": 40, "eu-ap": 1_000 });
});

test("names with hyphens are split where two known regions come out", () => {
  expect(pairOf("us-east-eu-west", ["eu-west", "us-east"], "--delay")).toEqual(["eu-west", "us-east"]);
});

test("clocks may be ahead or behind", () => {
  expect(parseClockOffsets(["eu=+1h", "ap=-5s"], REGIONS)).toEqual({ eu: 3_600_000, ap: -5_000 });
});

test.each([
  ["an unknown region", () => parseClockOffsets(["mars=+1h"], REGIONS), "mars"],
  ["a region with itself", () => parseDelays(["us-us=1ms"], REGIONS), "us-us"],
  ["no length", () => parseDelays(["us-eu=fast"], REGIONS), "us-eu=fast"],
  ["a negative delay", () => parseDelays(["us-eu=-1ms"], REGIONS), "before it was sent"],
  ["a region named twice", () => parseRegions("us,eu,us"), "twice"],
  ["a name that is none", () => parseRegions("us,../etc"), "../etc"],
  ["a port that leaves no room for GeoDNS", () => parsePort("65500"), "65500"],
  ["a port that is a word", () => parsePort("http"), "http"],
])("%s is wrong usage, said in one line", (_, act, words) => {
  let stop: unknown;
  try {
    act();
  } catch (error) {
    stop = error;
  }
  expect(stop).toBeInstanceOf(Stop);
  expect(stop).toMatchObject({ code: 2, line: expect.stringContaining(words) });
});
