/** AsyncAPI 3.0 of the WebSocket door, made from the schemas that check its frames. */
import type { z } from "zod";
import { CLOSE } from "../close-codes.ts";
import { CommandFrame } from "./commands.ts";
import { ClientFrame } from "./frames-in.ts";
import { SERVER_FRAMES } from "./frames-out.ts";
import { Components } from "./json-schema.ts";

export function asyncApi(version: string): object {
  const components = new Components();
  const messages: Record<string, object> = {};
  const add = (side: "client" | "server", frames: readonly (readonly [name: string, schema: z.ZodType])[]): readonly string[] =>
    frames.map(([name, schema]) => {
      const payload = components.of(schema, side === "client" ? "input" : "output");
      messages[`${side}-${name}`] = { name, contentType: "application/json", payload };
      return `${side}-${name}`;
    });
  const fromClient = add(
    "client",
    ClientFrame.options.map((option) => [option.shape.type.value, option] as const),
  );
  const fromServer = add("server", Object.entries(SERVER_FRAMES));
  const inChannel = (names: readonly string[]) => names.map((name) => ({ $ref: `#/channels/connect/messages/${name}` }));
  const commandSchema = components.of(CommandFrame);
  return {
    asyncapi: "3.0.0",
    info: { title: "Atoll WebSocket", version, description: description() },
    defaultContentType: "application/json",
    channels: {
      connect: {
        address: "/v1/connect",
        description: "Subprotocol atoll.v1. Text frames, one JSON object each, at most 64 KiB. The first is hello, within 5 s.",
        messages: Object.fromEntries([...fromClient, ...fromServer].map((name) => [name, { $ref: `#/components/messages/${name}` }])),
        bindings: { ws: { method: "GET" } },
      },
    },
    operations: {
      fromClient: { action: "receive", channel: { $ref: "#/channels/connect" }, messages: inChannel(fromClient) },
      fromServer: { action: "send", channel: { $ref: "#/channels/connect" }, messages: inChannel(fromServer) },
    },
    components: { messages, schemas: { ...components.schemas, Command: commandSchema } },
  };
}

function description(): string {
  const codes = Object.values(CLOSE).map(({ code, reason }) => `${code} ${reason}`);
  return `A \`cursor\` in any frame is safe: resumed with it and the same channels, in any region, nothing is missed. Close codes below 4400 mean come back: ${codes.join("; ")}.`;
}
