output "regions" {
  description = "Per region that is not retired: `index`, `ports`, `dir`, `servers` (per server: `number`, `host`, texts `jetstream` and `gateway`), `env` (settings without secrets), and the same endpoints that every kind of region gives: `url`, `ws`, `link`, `health_url`."
  value = { for name, r in local.regions : name => {
    index      = r.index
    ports      = local.ports[name]
    dir        = local.dirs[name]
    servers    = local.servers[name]
    env        = local.env[name]
    dials      = keys(local.dials[name])
    drained    = r.drained
    url        = r.url
    ws         = r.ws
    link       = local.links[name]
    health_url = "${trimsuffix(r.url, "/")}/readyz"
  } }
}

output "retired" {
  description = "Names of the regions that are gone for good: nothing is made for them, their names and indexes stay taken."
  value       = [for name, r in local.all : name if r.retired]
}
