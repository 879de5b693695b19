// `banner/getBanners`: notices of the maker: there are none.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const bannerGetBanners = method({
  name: 'banner/getBanners',
  params: nothing,
  run: async () => [],
})
