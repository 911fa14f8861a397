# The one list of regions, as Terraform reads it: what follows from it, what is refused, and that a region more changes nobody's files.
variables {
  data_dir = "/srv/atoll/{region}"
  topology = {
    zone = "chat.example.net"
    regions = [
      { name = "us", index = 0, url = "https://us.gw.chat.example.net", ws = "wss://us.gw.chat.example.net/v1/connect", link = ["tls://nats.us.example.net:7222"], latitude = 39, longitude = -77 },
      { name = "eu", index = 1, url = "https://eu.gw.chat.example.net", ws = "wss://eu.gw.chat.example.net/v1/connect", link = ["tls://nats.eu.example.net:7222"], latitude = 50, longitude = 9, peers = { us = ["tls://10.0.0.4:7222"] } },
      { name = "ap", index = 2, url = "https://ap.gw.chat.example.net", ws = "wss://ap.gw.chat.example.net/v1/connect", link = ["tls://nats.ap.example.net:7222"], latitude = 1, longitude = 104 },
    ]
  }
}

run "three_regions" {
  command = plan

  assert {
    condition     = output.regions["ap"].ports.jetstream == 21040
    error_message = "Ports follow from the index."
  }
  assert {
    condition     = length(output.regions["us"].dials) == 0 && join(",", output.regions["ap"].dials) == "eu,us"
    error_message = "A region dials those that were there before it."
  }
  assert {
    condition     = strcontains(output.regions["eu"].servers[0].gateway, "{ name: \"us\", urls: [\"tls://10.0.0.4:7222\"] }")
    error_message = "eu reaches us at the address that stands under its peers."
  }
  assert {
    condition     = length(regexall("SU[A-Z2-7]{56}", jsonencode(output.regions))) == 0 && strcontains(output.regions["us"].servers[0].gateway, "password: $LINK_SECRET")
    error_message = "No secret stands in what is rendered."
  }
}

run "a_region_more_changes_nobody_elses_files" {
  command = plan

  variables {
    topology = {
      zone = "chat.example.net"
      regions = [
        { name = "us", index = 0, url = "https://us.gw.chat.example.net", ws = "wss://us.gw.chat.example.net/v1/connect", link = ["tls://nats.us.example.net:7222"], latitude = 39, longitude = -77 },
        { name = "sa", index = 3, url = "https://sa.gw.chat.example.net", ws = "wss://sa.gw.chat.example.net/v1/connect", latitude = -23, longitude = -46 },
        { name = "eu", index = 1, url = "https://eu.gw.chat.example.net", ws = "wss://eu.gw.chat.example.net/v1/connect", link = ["tls://nats.eu.example.net:7222"], latitude = 50, longitude = 9, peers = { us = ["tls://10.0.0.4:7222"] } },
        { name = "ap", index = 2, url = "https://ap.gw.chat.example.net", ws = "wss://ap.gw.chat.example.net/v1/connect", link = ["tls://nats.ap.example.net:7222"], latitude = 1, longitude = 104 },
      ]
    }
  }
  assert {
    condition     = alltrue([for name in ["us", "eu", "ap"] : !strcontains(jsonencode(output.regions[name].servers), "sa.gw")])
    error_message = "The new region stands in nobody else's files."
  }
  assert {
    condition     = length(output.regions["sa"].dials) == 3
    error_message = "The new region dials all."
  }
}

run "three_servers_a_tier_on_hosts" {
  command = plan

  variables {
    placement = "hosts"
    tls       = { ca_file = "/etc/atoll/ca.pem", cert_file = "/etc/atoll/cert.pem", key_file = "/etc/atoll/key.pem" }
    topology = {
      zone = "chat.example.net"
      regions = [
        { name = "us", url = "https://us.gw.chat.example.net", ws = "wss://us.gw.chat.example.net/v1/connect", latitude = 39, longitude = -77, providers = { hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.3"] } },
        { name = "eu", url = "https://eu.gw.chat.example.net", ws = "wss://eu.gw.chat.example.net/v1/connect", latitude = 50, longitude = 9, providers = { hosts = ["10.1.0.1"] } },
      ]
    }
  }
  assert {
    condition     = length(output.regions["us"].servers) == 3 && output.regions["us"].env.ATOLL_NATS_REPLICAS == "3" && output.regions["eu"].env.ATOLL_NATS_REPLICAS == "1"
    error_message = "A region of three hosts has three servers a tier, and three replicas."
  }
  assert {
    condition     = strcontains(output.regions["us"].servers[1].jetstream, "nats-route://10.0.0.3:6222") && !strcontains(output.regions["us"].servers[1].jetstream, "nats-route://10.0.0.2:6222")
    error_message = "Servers of a tier know each other, not themselves."
  }
  assert {
    condition     = strcontains(output.regions["eu"].servers[0].gateway, "verify: true") && length(regexall("tls://10.0.0.[123]:7222", output.regions["eu"].servers[0].gateway)) == 3
    error_message = "Links are TLS both ways, to every server of the peer."
  }
}

run "a_retired_region_gets_nothing" {
  command = plan

  variables {
    topology = {
      zone = "chat.example.net"
      regions = [
        { name = "us", url = "https://us.example.net", ws = "wss://us.example.net", latitude = 39, longitude = -77 },
        { name = "eu", url = "https://eu.example.net", ws = "wss://eu.example.net", latitude = 50, longitude = 9, retired = true },
        { name = "ap", url = "https://ap.example.net", ws = "wss://ap.example.net", latitude = 1, longitude = 104 },
      ]
    }
  }
  assert {
    condition     = join(",", keys(output.regions)) == "ap,us" && join(",", output.retired) == "eu" && output.regions["ap"].index == 2
    error_message = "Its name and index stay taken."
  }
}

run "a_name_twice" {
  command = plan
  variables {
    topology = { zone = "z", regions = [
      { name = "us", url = "https://a", ws = "wss://a", latitude = 0, longitude = 0 },
      { name = "US", url = "https://b", ws = "wss://b", latitude = 0, longitude = 0 },
    ] }
  }
  expect_failures = [var.topology]
}

run "an_index_twice" {
  command = plan
  variables {
    topology = { zone = "z", regions = [
      { name = "us", index = 1, url = "https://a", ws = "wss://a", latitude = 0, longitude = 0 },
      { name = "eu", url = "https://b", ws = "wss://b", latitude = 0, longitude = 0 },
    ] }
  }
  expect_failures = [var.topology]
}

run "an_unknown_peer" {
  command = plan
  variables {
    topology = { zone = "z", regions = [
      { name = "us", url = "https://a", ws = "wss://a", latitude = 0, longitude = 0, peers = { ue = ["nats://b:7222"] } },
      { name = "eu", url = "https://b", ws = "wss://b", latitude = 0, longitude = 0 },
    ] }
  }
  expect_failures = [var.topology]
}

run "one_address_for_two" {
  command = plan
  variables {
    topology = { zone = "z", regions = [
      { name = "us", url = "http://127.0.0.1:8800", ws = "ws://127.0.0.1:8800/v1/connect", latitude = 0, longitude = 0 },
      { name = "eu", url = "http://127.0.0.1:8800", ws = "ws://127.0.0.1:8800/v1/connect", latitude = 0, longitude = 0 },
    ] }
  }
  expect_failures = [var.topology]
}

run "regions_that_share_a_disk" {
  command = plan
  variables {
    data_dir = "/srv/atoll"
  }
  expect_failures = [var.data_dir]
}
