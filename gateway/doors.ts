/** Every way into a gateway: lines of people, what they write together, calls and pages. */
import { Refusal } from "../core/errors.ts";
import type { Context } from "./context.ts";
import { type DocumentDoor, openDocumentDoor } from "./documents/document-door.ts";
import { DOCUMENTS } from "./documents/document-name.ts";
import { type App, addMethodErrors, addPages, addRoutes, openApp } from "./http-app.ts";
import { CONNECT, type LineDoors, openLineDoors } from "./line-doors.ts";
import { openPages } from "./pages/open-pages.ts";
import type { ReadyLine } from "./parts.ts";
import { problemResponse } from "./problem.ts";
import { OPEN_PATHS } from "./protocol/openapi.ts";
import { ROUTES } from "./routes/all.ts";
import { steeringDoor } from "./routes/steering-door.ts";

export interface Doors {
  readonly app: App;
  readonly lines: LineDoors;
  /** Absent where the gateway was given no documents. */
  readonly documents: DocumentDoor | undefined;
}

/** `moving`: the region is drained, and its sockets are asked to go elsewhere. Paths are looked at in the order in which they are added. */
export function openDoors(context: Context, moving: () => boolean): Doors {
  const { parts } = context;
  const app = openApp({ parts });
  const lines = openLineDoors(app, context, moving);
  const documents = openDocumentDoor(context, moving);
  app.get(`${DOCUMENTS}/:document`, () => problemResponse(new Refusal("invalid", "This path speaks WebSocket, as y-websocket does.")));
  addPages(app, openPages({ ...parts, readiness: () => readiness(context, lines) }, ROUTES));
  steeringDoor(app, parts.steering);
  addRoutes(app, context, ROUTES);
  addMethodErrors(app, [
    ...ROUTES,
    ...[CONNECT, `${DOCUMENTS}/{document}`, ...OPEN_PATHS.map(({ path }) => path)].map((path) => ({ method: "get", path })),
  ]);
  return { app, lines, documents };
}

/** The region's own lines, and those of this gateway. */
const readiness = ({ parts, members }: Context, lines: LineDoors): readonly ReadyLine[] => [
  ...parts.readiness(),
  ...(members === undefined ? [] : [members.ready()]),
  ...(parts.trunk?.only === true ? [{ name: "gateways", ok: true, detail: `${lines.gateways()} bring their sockets here` }] : []),
];
