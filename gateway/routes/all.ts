/** Every call of the HTTP door. */
import { auditRoutes } from "./audit.ts";
import { channelRoutes } from "./channels.ts";
import { conflictRoutes } from "./conflicts.ts";
import { meshRoutes } from "./mesh.ts";
import { messageRoutes } from "./messages.ts";
import { regionRoutes } from "./regions.ts";
import type { Route } from "./route.ts";
import { storeRoutes } from "./stores.ts";
import { traceRoutes } from "./trace.ts";
import { webhookRoutes } from "./webhooks.ts";

export const ROUTES: readonly Route[] = [
  ...channelRoutes,
  ...messageRoutes,
  ...traceRoutes,
  ...webhookRoutes,
  ...meshRoutes,
  ...regionRoutes,
  ...conflictRoutes,
  ...auditRoutes,
  ...storeRoutes,
];
