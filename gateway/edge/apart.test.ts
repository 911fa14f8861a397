/**
 * Everything that holds of one process holds of two: the same tests, with every socket and every call coming by a gateway apart from the
 * reconciler.
 */
import { openGatewaysApart } from "../gateway.test-model.ts";

openGatewaysApart();
await import("../conversation.test.ts");
await import("../refused-frames.test.ts");
await import("../catch-up.test.ts");
await import("../http.test.ts");
await import("../fan-out.test.ts");
await import("../trace.test.ts");
await import("../documents/documents.test.ts");
