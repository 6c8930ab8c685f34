import assert from "node:assert/strict";
import test from "node:test";
import { parseDumpedOptions } from "../../src/repository/dnf5-dump.js";

test("what dnf5 dumps is taken where it is not dnf's default", () => {
  const output = [
    '======== "one" repository configuration: ========',
    "baseurl = https://a/, https://b/?x = y",
    "cost = 500",
    "gpgcheck = 0",
    "metadata_expire = 172800",
    "mirrorlist = ",
    "sslclientcert = /etc/pki/entitlement/1.pem",
    "",
    '======== "two" repository configuration: ========',
    "cost = 1000",
    "metadata_expire = -1",
  ].join("\n");
  assert.deepEqual(Object.fromEntries(parseDumpedOptions(output)), {
    one: {
      baseurl: "https://a/, https://b/?x = y",
      cost: "500",
      sslclientcert: "/etc/pki/entitlement/1.pem",
    },
    two: { metadata_expire: "-1" },
  });
  assert.equal(parseDumpedOptions("").size, 0);
});
