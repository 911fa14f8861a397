/** C6: who wrote reads it in that region from the reply on; what a region has once shown of a message it goes on knowing while it runs. */
import type { Message } from "../../../core/objects.ts";
import type { Operation } from "../history.ts";
import type { Mesh, Watcher } from "../mesh.ts";
import type { Person } from "../people.ts";
import { Violation } from "../violation.ts";

const MESSAGE_COMMANDS = new Set(["message.send", "message.edit", "message.delete"]);

export function watchReading(mesh: Mesh): Watcher {
  /** "<region> <message>" -> commands whose versions the region has shown in this life. (A version's stamp may become that of a smaller twin.) */
  const shown = new Map<string, { readonly boots: number; readonly commands: readonly string[] }>();
  return {
    answered: (person, operation, region) => {
      // A repeat is answered by what another region accepted; the message itself may still be on its way here.
      if (!MESSAGE_COMMANDS.has(operation.command.kind) || operation.attempts.at(-1)?.replayed) return;
      const machine = mesh.machine(region);
      const message = operation.result as unknown as Message;
      const commands = machine.serving === undefined ? undefined : versionsIn(mesh, person, region, message);
      if (commands === undefined) return;
      if (!commands.includes(`${person.user} ${operation.command.id}`))
        throw new Violation("C6", ownWrite(person, operation, region, commands));
      const before = shown.get(`${region} ${message.id.slice(-26)}`);
      const lost = before?.boots === machine.boots ? before.commands.find((command) => !commands.includes(command)) : undefined;
      if (lost !== undefined) throw new Violation("C6", `${region} showed the version of ${lost} in ${message.id} and no longer does`);
      shown.set(`${region} ${message.id.slice(-26)}`, { boots: machine.boots, commands });
    },
  };
}

const ownWrite = ({ user }: Person, { command }: Operation, region: string, commands: readonly string[]): string =>
  `${region} answered ${command.kind} ${command.id} of ${user}, who does not read it there: ${commands.join(" ")}`;

/** Undefined when the person may no longer read there: somebody has just removed them. */
function versionsIn(mesh: Mesh, { actor, user }: Person, region: string, { channel, id }: Message): readonly string[] | undefined {
  const reader = mesh.machine(region).serving?.reader;
  if (reader === undefined || !reader.isMember(user, channel.slice(-26))) return undefined;
  return reader.versions(actor, channel, id, { limit: 500 }).items.map(({ author, command }) => `${author} ${command}`);
}
