import { expect, test } from "vitest";
import { settingsOf, switchesOf, withDatabase } from "./store-switches.ts";

test("a flag wins over the environment; without either the embedded stores are used", () => {
  expect(switchesOf({ redis: "redis://flag" }, { ATOLL_REDIS_URL: "redis://environment", ATOLL_MONGODB_URI: "" })).toEqual({
    redis: "redis://flag",
  });
  expect(settingsOf({}, "us", "secret")).toEqual({});
});

test("how one signs in is the same for every region; what is each region's own is not passed on", () => {
  const stores = switchesOf(
    { cassandra: "h1" },
    {
      ATOLL_CASSANDRA_USER: "atoll",
      ATOLL_CASSANDRA_PASSWORD: "rosebud",
      ATOLL_CASSANDRA_KEYSPACE: "one",
      ATOLL_REDIS_CA_FILE: "ca.pem",
      PATH: "/bin",
    },
  );
  expect(settingsOf(stores, "us", "secret")).toEqual({
    ATOLL_CASSANDRA_CONTACT_POINTS: "h1",
    ATOLL_CASSANDRA_KEYSPACE: expect.stringMatching(/^atoll_[0-9a-f]{8}_us$/),
    ATOLL_CASSANDRA_USER: "atoll",
    ATOLL_CASSANDRA_PASSWORD: "rosebud",
    ATOLL_REDIS_CA_FILE: "ca.pem",
  });
});

test("each region of each mesh has a database of its own", () => {
  const of = (region: string, secret: string) =>
    settingsOf({ mongodb: "mongodb://h1:1,h2:2/?replicaSet=rs0" }, region, secret)["ATOLL_MONGODB_URI"];
  expect(of("us", "one")).toMatch(/^mongodb:\/\/h1:1,h2:2\/atoll_[0-9a-f]{8}_us\?replicaSet=rs0$/);
  expect(new Set([of("us", "one"), of("eu", "one"), of("us", "other")]).size).toBe(3);
});

test("each region of each mesh has a keyspace of its own, whatever its name is made of", () => {
  const of = (region: string, secret: string) => settingsOf({ cassandra: "h1,h2:9142" }, region, secret);
  expect(of("us", "one")["ATOLL_CASSANDRA_CONTACT_POINTS"]).toBe("h1,h2:9142");
  const names = ["us", "eu", "EU", "e-u", "e_u", "x".repeat(64), `${"x".repeat(63)}y`].map(
    (region) => of(region, "one")["ATOLL_CASSANDRA_KEYSPACE"],
  );
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]{0,47}$/);
  expect(of("us", "other")["ATOLL_CASSANDRA_KEYSPACE"]).not.toBe(names[0]);
});

test("a login that named no database goes on being checked where the driver would have checked it", () => {
  expect(withDatabase("mongodb://ana:pw@h1", "d")).toBe("mongodb://ana:pw@h1/d?authSource=admin");
  expect(withDatabase("mongodb://ana:pw@h1/x?authSource=y", "d")).toBe("mongodb://ana:pw@h1/d?authSource=y");
});
