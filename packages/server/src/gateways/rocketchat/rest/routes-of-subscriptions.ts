// Routes about what a user keeps of their rooms; direct rooms.
import type { Route } from '../route.ts'

export const SUBSCRIPTIONS: readonly Route[] = []
