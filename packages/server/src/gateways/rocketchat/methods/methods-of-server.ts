// Methods about the server: its settings and permissions.
import type { Method } from '../method.ts'

export const SERVER: readonly Method[] = []
