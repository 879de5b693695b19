// Methods about users, but `login` and `logout`, which are a connection's own.
import type { Method } from '../method.ts'

export const USERS: readonly Method[] = []
