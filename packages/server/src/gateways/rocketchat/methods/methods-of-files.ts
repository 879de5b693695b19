// Methods about files.
import type { Method } from '../method.ts'

export const FILES: readonly Method[] = []
