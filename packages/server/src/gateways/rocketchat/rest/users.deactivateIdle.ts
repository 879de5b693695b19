// `users.deactivateIdle`: switches off who has not logged in for some days. Nobody is left out by owning rooms: they may come back.
import { z } from 'zod'
import { route } from '../route.ts'
import { deactivateIdle } from '../users/own-ending.ts'

export const usersDeactivateIdle = route({
  verb: 'POST',
  paths: ['/v1/users.deactivateIdle'],
  input: z.looseObject({ daysIdle: z.number().int().min(0).max(1_000_000), role: z.string().max(100).optional() }),
  permission: 'edit-other-user-active-status',
  run: async ({ gate, caller }, { daysIdle, role }) => ({
    count: await deactivateIdle(gate, caller.account, daysIdle, role ?? 'user'),
  }),
})
