/** ms for what is waited for: it comes at once or not at all, and a busy machine may stand still for seconds. */
export const PATIENCE = 30_000
