// `presence.getConnections`: sessions of this node, and how many the real server would tell of everybody.
import { z } from 'zod'
import { route } from '../route.ts'

export const presenceGetConnections = route({
  verb: 'GET',
  paths: ['/v1/presence.getConnections'],
  input: z.unknown(),
  permission: 'manage-user-status',
  run: async ({ gate }) => ({ current: gate.parts.sessions.count, max: 200 }),
})
