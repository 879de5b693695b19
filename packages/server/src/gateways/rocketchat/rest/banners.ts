// `banners`: notices of the maker: there are none.
import { z } from 'zod'
import { route } from '../route.ts'

export const banners = route({
  verb: 'GET',
  paths: ['/v1/banners', '/v1/banners.getNew'],
  input: z.unknown(),
  run: async () => ({ banners: [] }),
})
