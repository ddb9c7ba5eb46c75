// @ts-check
/**
 * Elements from templates: htm over preact. What stands in `${…}` becomes text or an attribute, never markup.
 *
 * @module
 */
import { h } from "preact";
import htm from "htm";

/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => import("preact").VNode} */
export const html = /** @type {any} */ (htm).bind(h);
