/** The configuration cannot be served; no restart mends it. One line that says what is wrong and what mends it. */
export class CannotServe extends Error {}
