// `users.getAvatarSuggestion`: pictures found elsewhere by the user's address; this server looks nowhere.
import { z } from 'zod'
import { route } from '../route.ts'

export const usersGetAvatarSuggestion = route({
  verb: 'GET',
  paths: ['/v1/users.getAvatarSuggestion'],
  input: z.unknown(),
  run: async () => ({ suggestions: {} }),
})
