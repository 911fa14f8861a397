/** W1 W2: which URLs are refused at the door, and which addresses at the connection. */
import { describe, expect, test } from "vitest";
import { unfitUrl } from "../../core/webhook-url.ts";
import { isPublic, mayReach, networksOf } from "./addresses.ts";
import { allowanceOf, WEBHOOK_SETTINGS } from "./settings.ts";

const FINE: readonly string[] = [
  "https://bots.example.com/atoll",
  "https://bots.example.com",
  "https://BOTS.example.COM:443/a?b=c",
  "https://bots.example.com:8443/hook",
  "https://bücher.example.com/",
  "https://xn--bcher-kva.example.com/",
  "https://a.b.c.d.e.example.co.uk/%2e%2e/x",
  "https://bots.example.com./hook",
  "https://local.example.com/",
  "https://internal-bots.example.com/",
];

const REFUSED: readonly string[] = [
  // No URL, or of another kind.
  ...["", " ", "bots.example.com", "//bots.example.com", "https://", "https:///", "https://[", "https://a b/", "https://exa%00mple.com/"],
  ...[
    "http://bots.example.com/",
    "HTTP://bots.example.com/",
    "ftp://bots.example.com/",
    "file:///etc/passwd",
    "gopher://bots.example.com/",
  ],
  ...["javascript:alert(1)", "data:text/plain,x", "ws://bots.example.com/", "wss://bots.example.com/", "unix:/var/run/docker.sock"],
  // User, password, fragment, other ports.
  ...["https://user@bots.example.com/", "https://user:pass@bots.example.com/", "https://bots.example.com@127.0.0.1/"],
  ...["https://127.0.0.1@bots.example.com/", "https://bots.example.com#@127.0.0.1/", "https://bots.example.com/#x"],
  ...["https://bots.example.com:80/", "https://bots.example.com:22/", "https://bots.example.com:6379/", "https://bots.example.com:8080/"],
  ...[
    "https://bots.example.com:0/",
    "https://bots.example.com:65535/",
    "https://bots.example.com:99999/",
    "https://bots.example.com:4222/",
  ],
  // 127.0.0.1 in every writing.
  ...["https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/"],
  ...["https://017700000001/", "https://0177.0.0.1/", "https://0x7f.0x0.0x0.0x1/", "https://127.0.0.1./", "https://127.0.0.1:8443/"],
  ...["https://１２７.０.０.１/", "https://127。0。0。1/", "https://①②⑦.⓪.⓪.①/", "https://%31%32%37.0.0.1/", "https://127.000.000.001/"],
  ...["https://127.127.127.127/", "https://0.0.0.0/", "https://0/", "https://00/", "https://0x0/"],
  // IPv6, mapped and embedded IPv4.
  ...["https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[0000::0001]/", "https://[::ffff:127.0.0.1]/"],
  ...["https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[::ffff:0:127.0.0.1]/", "https://[64:ff9b::7f00:1]/"],
  ...["https://[2002:7f00:1::]/", "https://[fe80::1]/", "https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://[ff02::1]/"],
  ...["https://[2001:db8::1]/", "https://[2606:4700::1111]/", "https://[::1%25lo]/", "https://[::ffff:169.254.169.254]/"],
  // Private and special networks, metadata of clouds.
  ...["https://10.0.0.1/", "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.0.1/"],
  ...["https://169.254.169.254/latest/meta-data/", "https://169.254.170.2/", "https://2852039166/", "https://0xa9fea9fe/"],
  ...["https://0251.0376.0251.0376/", "https://168.63.129.16/", "https://100.100.100.200/", "https://100.64.0.1/", "https://192.0.0.192/"],
  ...["https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://240.0.0.1/", "https://192.0.2.1/"],
  // Addresses at all, also public ones.
  ...["https://1.1.1.1/", "https://8.8.8.8:8443/", "https://134744072/"],
  // Names that are nobody's in public.
  ...["https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://foo.localhost/", "https://localhost.localdomain/"],
  ...["https://metadata.google.internal/", "https://metadata/", "https://redis/", "https://printer.local/", "https://nas.lan/"],
  ...["https://kubernetes.default.svc.cluster.local/", "https://router.home.arpa/", "https://x.intranet/", "https://hidden.onion/"],
  ...["https://ｌｏｃａｌｈｏｓｔ/", "https://ⓛocalhost/", "https://x.test/", "https://x.invalid/", "https://host.docker.internal/"],
];

test("the table is as long as it should be", () => expect(REFUSED.length + FINE.length).toBeGreaterThanOrEqual(100));
test.each(FINE)("W1: %s may be looked up", (url) => expect(unfitUrl(url)).toBeUndefined());
test.each(REFUSED)("W1: %s is refused before anything is looked up", (url) => expect(unfitUrl(url)).toEqual(expect.any(String)));

/** Every address of IPv4 in the writings that a URL knows. */
function writings(address: string): readonly string[] {
  const parts = address.split(".").map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const octal = (value: number): string => `0${value.toString(8)}`;
  const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  return [
    ...[address, `${address}.`, String(whole), hex(whole), octal(whole)],
    ...[parts.map(hex).join("."), parts.map(octal).join("."), `${a}.${(b << 16) | (c << 8) | d}`, `${a}.${b}.${(c << 8) | d}`],
    ...[`${hex(a)}.${octal(b)}.${c}.${d}`, [...address].map((one) => `%${one.charCodeAt(0).toString(16)}`).join("")],
    [...address].map((one) => (one === "." ? "。" : String.fromCharCode(one.charCodeAt(0) + 0xfee0))).join(""),
    ...[
      `[::ffff:${address}]`,
      `[::ffff:${groups}]`,
      `[::${address}]`,
      `[64:ff9b::${groups}]`,
      `[2002:${groups}::]`,
      `[::ffff:0:${address}]`,
    ],
  ];
}

const FORBIDDEN = [
  ...["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.5.4", "172.31.255.254", "192.168.1.1", "169.254.169.254", "100.64.1.1", "0.0.0.0"],
  ...["192.0.0.8", "192.0.2.9", "198.18.4.4", "198.51.100.7", "203.0.113.5", "224.1.1.1", "240.1.1.1", "255.255.255.255", "168.63.129.16"],
  ...["192.88.99.1", "100.127.255.255"],
];
describe("W1 W2: whatever way an address is written", () => {
  test.each(FORBIDDEN)("%s is refused at the door, and at the connection", (address) => {
    for (const host of writings(address)) {
      expect([host, unfitUrl(`https://${host}/`)]).toEqual([host, expect.any(String)]);
      expect([host, unfitUrl(`http://${host}:8080/`, { http: true, address: () => false })]).toEqual([host, expect.any(String)]);
    }
    for (const told of [address, `::ffff:${address}`]) expect([told, isPublic(told)]).toEqual([told, false]);
  });
});

test.each([
  ...["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1", "169.253.0.1", "11.0.0.1"],
  ...["192.167.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.254", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"],
])("W2: %s is public", (address) => expect(isPublic(address)).toBe(true));

test.each([
  ...["::1", "::", "::7f00:1", "::ffff:7f00:1", "::ffff:0:7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"],
  ...["2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "e000::1"],
  ...["", "localhost", "127.0.0.1 ", "1.1.1", "01.1.1.1", "999.1.1.1", "1.1.1.1/8", "2606:4700::g"],
])("W2: %j is no public address", (address) => expect(isPublic(address)).toBe(false));

describe("what an operator allows", () => {
  const allow = (text: string) => allowanceOf(WEBHOOK_SETTINGS.ATOLL_WEBHOOK_ALLOW.parse(text));

  test("a network's addresses may be reached, by name and by address, still by https and its ports", () => {
    const { url, networks } = allow("10.1.0.0/16");
    expect([mayReach("10.1.2.3", networks), mayReach("::ffff:10.1.2.3", networks), mayReach("10.2.0.1", networks)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(unfitUrl("https://10.1.2.3/", url)).toBeUndefined();
    for (const refused of ["https://10.2.0.1/", "http://10.1.2.3/", "https://10.1.2.3:9000/", "https://localhost/"])
      expect([refused, unfitUrl(refused, url)]).toEqual([refused, expect.any(String)]);
  });

  test("http is plain http and any port, and no address more", () => {
    const { url } = allow("http");
    for (const fine of ["http://bots.example.com/", "http://bots.example.com:9000/", "https://bots.example.com:9000/"])
      expect(unfitUrl(fine, url)).toBeUndefined();
    for (const refused of ["http://127.0.0.1:9000/", "http://localhost:9000/", "ftp://bots.example.com/", "http://a@bots.example.com/"])
      expect([refused, unfitUrl(refused, url)]).toEqual([refused, expect.any(String)]);
    expect(unfitUrl("http://localhost:9000/", allow("http, 127.0.0.0/8").url)).toBeUndefined();
  });

  test.each(["https", "10.0.0.0/33", "10.0.0/8", "*", "bots.example.com", "::1/129"])("%s is not accepted as a setting", (text) =>
    expect(WEBHOOK_SETTINGS.ATOLL_WEBHOOK_ALLOW.safeParse(text).success).toBe(false),
  );
  test("nothing is allowed by default", () => {
    expect(WEBHOOK_SETTINGS.ATOLL_WEBHOOK_ALLOW.parse(undefined)).toEqual([]);
    expect(mayReach("127.0.0.1", networksOf([]))).toBe(false);
  });
});
