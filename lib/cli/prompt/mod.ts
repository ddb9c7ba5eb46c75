/**
 * The keyboard. Loaded when a terminal is read: who publishes one message starts sooner without it.
 *
 * @module
 */
export { promptHelp } from "./help.ts";
export { History, historyPath } from "./history.ts";
export { Prompt } from "./prompt.ts";
