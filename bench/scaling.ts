/**
 * `deno run -A bench/scaling.ts`: how far brokers on a NATS cluster go, by arithmetic, and what bounds it. The
 * table is that of docs/scaling.md. What one machine does is put in as {@link MACHINE} has it: who has measured
 * other figures changes them there.
 *
 * @module
 */
import { printLine } from "../scripts/terminal.ts";

/** What one machine does. */
export interface Machine {
  /** Deliveries a second of one broker to its subscribers, 128 B each. */
  readonly deliveries: number;
  /** Bytes a second that one NATS server sends, at 10 Gbit/s. */
  readonly sent: number;
  /** Messages a second that one NATS server takes and gives, both counted, where none can be packed. */
  readonly handled: number;
  /** Resident bytes of a connection to a broker, and of a subscription. */
  readonly connection: number;
  readonly subscription: number;
}

/** Half of what benchmarks show on two cores, for a machine does other things as well. */
export const MACHINE: Machine = {
  deliveries: 2_000_000,
  sent: 1_250_000_000,
  handled: 2_500_000,
  connection: 8 * 1024,
  subscription: 200,
};

/** What stands, and what everybody listens to. */
export interface Plan {
  readonly name: string;
  readonly brokers: number;
  readonly servers: number;
  readonly subscribers: number;
  /** Of each message, how many of the brokers have a subscriber that wants it, and how many have it then. */
  readonly interested: number;
  readonly perBroker: number;
}

/** What that comes to. */
export interface Reach {
  /** Messages a second, all publishers together. */
  readonly messages: number;
  readonly boundBy: "brokers" | "NATS";
  /** Deliveries a second, all subscribers together. */
  readonly deliveries: number;
  /** Connections of one NATS server to brokers. */
  readonly connections: number;
  /** Memory of one broker for its clients, bytes. */
  readonly memory: number;
}

/** A record of 128 B with its topic, as it lies in a packed run. */
const RECORD_BYTES = 150;
/** Each broker has one for what all get and one for what groups share. */
const LINKS = 2;

export function reachOf(plan: Plan, machine: Machine = MACHINE): Reach {
  const { brokers, servers, subscribers, interested, perBroker } = plan;
  // each broker bears the messages it is interested in, and those are spread over all of them
  const byBrokers = machine.deliveries / perBroker * (brokers / interested);
  const byBytes = machine.sent * servers / (RECORD_BYTES * interested);
  const byNats = Math.min(byBytes, machine.handled * servers / (1 + interested));
  const messages = Math.min(byBrokers, byNats);
  return {
    messages,
    boundBy: byBrokers <= byNats ? "brokers" : "NATS",
    deliveries: messages * interested * perBroker,
    connections: Math.ceil(brokers * LINKS / servers),
    memory: subscribers / brokers * (machine.connection + machine.subscription),
  };
}

/** From three machines to a thousand. */
export const PLANS: readonly Plan[] = [
  { name: "3 brokers, everybody gets all", ...spread(3, 3, 3_000) },
  { name: "30 brokers, everybody gets all", ...spread(30, 3, 300_000) },
  { name: "1,000 brokers, everybody gets all", ...spread(1_000, 9, 1_000_000) },
  {
    name: "1,000 brokers, a message is for 100 of the 1,000,000, anywhere",
    ...spread(1_000, 9, 1_000_000),
    interested: 95,
    perBroker: 100 / 95,
  },
  {
    name: "1,000 brokers, a message is for 1 of the 1,000,000",
    ...spread(1_000, 9, 1_000_000),
    interested: 1,
    perBroker: 1,
  },
];

function spread(brokers: number, servers: number, subscribers: number): Omit<Plan, "name"> {
  return { brokers, servers, subscribers, interested: brokers, perBroker: subscribers / brokers };
}

/** The table, in Markdown. */
export function scalingTable(): string {
  const rows = PLANS.map((plan) => {
    const { messages, boundBy, deliveries, connections, memory } = reachOf(plan);
    return [
      plan.name,
      `${plan.servers}`,
      inWords(messages),
      boundBy,
      inWords(deliveries),
      `${connections}`,
      `${Math.round(memory / 1024 ** 2)} MiB`,
    ];
  });
  const head = [
    "plan",
    "NATS servers",
    "messages a second",
    "bound by",
    "deliveries a second",
    "links of a NATS server",
    "memory of a broker for clients",
  ];
  return [head, head.map(() => "-"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Two digits are what such figures are worth. */
function inWords(count: number): string {
  return Number(count.toPrecision(2)).toLocaleString("en");
}

if (import.meta.main) printLine(scalingTable());
