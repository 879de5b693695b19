// Routes about files.
import type { Route } from '../route.ts'

export const FILES: readonly Route[] = []
