// `users.getPreferences`: what the caller has set for their clients.
import { z } from 'zod'
import { route } from '../route.ts'

export const usersGetPreferences = route({
  verb: 'GET',
  paths: ['/v1/users.getPreferences'],
  input: z.unknown(),
  async run({ gate, caller }) {
    const { profile } = await gate.people.about(caller.account)
    const language = profile.language === null ? {} : { language: profile.language }
    return { preferences: { ...profile.preferences, ...language } }
  },
})
