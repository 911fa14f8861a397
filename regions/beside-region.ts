/** What goes on beside a running region: the list of regions and the way to its peers are followed, users are steered, tokens' keys are kept fresh. */
import { showDns, showSteering } from "../gateway/steering-metrics.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import { authOf, type OpenAuth } from "./auth.ts";
import { openGeoOf } from "./geo/open-geo.ts";
import { type Joining, openJoining } from "./joining.ts";
import { takeLateTails } from "./late-tails.ts";
import { followTopology, type LiveTopology } from "./live-topology.ts";
import { openNameServerBeside } from "./name-server.ts";
import type { Foundation } from "./region-foundation.ts";
import type { RegionLife } from "./region-life.ts";
import { showLinks } from "./region-metrics.ts";
import { type GatewaySteering, openGatewaySteering } from "./steering/gateway-steering.ts";
import { askForJetStream, type LogWatch, watchStuckLog } from "./stuck-log.ts";

export interface BesideRegion {
  readonly joining: Joining;
  readonly live: LiveTopology;
  readonly geo: ReturnType<typeof openGeoOf>;
  readonly steering: GatewaySteering;
  readonly logWatch: LogWatch;
  readonly auth: OpenAuth;
  /** Ends all of it. */
  end(): Promise<void>;
}

export interface BesideParts {
  readonly life: RegionLife;
  readonly foundation: Foundation;
  readonly running: Region;
  /** The store was that of a region that builds its state. */
  readonly joins: boolean;
  /** Sockets that are open here. */
  readonly connections: () => number;
}

export async function openBeside({ life, foundation, running, joins, connections }: BesideParts): Promise<BesideRegion> {
  const { config, region, topology, clock, timers, metrics, log, boot } = life;
  const hideLinks = showLinks(metrics, running, timers);
  const endLateTails = takeLateTails(foundation, running, timers, log);
  const live = followTopology({
    ...{ given: config.ATOLL_TOPOLOGY, first: topology, region, foundation, running, timers, log },
    joining: () => !joining.ready().ok,
  });
  const joining: Joining = openJoining({
    joining: joins,
    region: running,
    store: foundation.store,
    anyRetired: live.anyRetired,
    timers,
    log,
  });
  const geo = openGeoOf(config.ATOLL_GEO_DB, timers, log);
  const nowMs = (): number => clock.nowMs();
  const steering = openGatewaySteering({
    ...{ region, boot, timers, nowMs, log, connections },
    regions: live.regions,
    settings: live.steering,
    meshSecret: config.ATOLL_MESH_SECRET,
    locate: geo.locate,
    orders: running.orders,
    links: running.links,
    connectionsMost: config.ATOLL_CONNECTIONS_MAX,
  });
  showSteering(metrics.registry, steering.facts);
  const { observer, decisions } = steering;
  const dns = await openNameServerBeside({ config, topology, observer, decisions, locate: geo.locate, timers, nowMs, log });
  if (dns !== undefined) showDns(metrics.registry, dns.facts);
  const logWatch = watchStuckLog(foundation.opened.log, foundation.connection, askForJetStream);
  const auth = await authOf(config, timers, log);
  return {
    ...{ joining, live, geo, steering, logWatch, auth },
    end: async () => {
      joining.stop();
      live.stop();
      steering.close();
      await dns?.close();
      geo.close();
      hideLinks();
      endLateTails();
      logWatch.stop();
      auth.end();
    },
  };
}
