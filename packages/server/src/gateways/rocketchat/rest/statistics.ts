// `statistics`: how many there are of what.
import { z } from 'zod'
import { route } from '../route.ts'
import { everybody } from '../users/everybody.ts'
import { VERSION } from '../version.ts'

export const statistics = route({
  verb: 'GET',
  paths: ['/v1/statistics'],
  input: z.unknown(),
  permission: 'view-statistics',
  async run({ gate, caller }) {
    let [totalUsers, activeUsers] = [0, 0]
    for await (const { active } of everybody(gate, caller.account.id)) {
      totalUsers += 1
      if (active) activeUsers += 1
    }
    const onlineUsers = (await gate.parts.presence.present(totalUsers)).length
    return { version: VERSION, totalUsers, activeUsers, nonActiveUsers: totalUsers - activeUsers, onlineUsers }
  },
})
