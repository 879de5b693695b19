// `users.requestDataDownload`: exports are the operator's (`conclave export`).
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'

export const usersRequestDataDownload = route({
  verb: 'GET',
  paths: ['/v1/users.requestDataDownload'],
  input: z.unknown(),
  run: async () => new MeteorError('error-not-allowed', 'Ask the operator of this server for an export'),
})
