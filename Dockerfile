# One image for every way of running it: docker build -t conclave .
FROM node:24-bookworm-slim
ENV NODE_ENV=production CONCLAVE_HOST=0.0.0.0 CONCLAVE_DATA=/data
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/server/package.json packages/server/
COPY packages/wire/package.json packages/wire/
# The image brings Node itself; no package of ours needs an install script.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY packages packages
COPY scripts scripts
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4200
# Not /ready: a node that drains, or whose store is away, must not be restarted for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4200/health').then(a => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "packages/server/bin/conclave.js"]
CMD ["start"]
