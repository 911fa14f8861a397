# One image for every role; the command chooses it: `serve` (a region's process), `serve --role geodns` (the name server), any other command of atoll.
#   docker build -t atoll:0.1.0 .        docker run --rm atoll:0.1.0 --help
FROM node:20.20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# npm refuses a lock file made where some platforms' optional packages could not be had; what it pins is kept all the same.
RUN npm ci --no-audit --no-fund || npm install --no-save --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY core core
COPY reconciliation reconciliation
COPY gateway gateway
COPY geodns geodns
COPY regions regions
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:20.20-bookworm-slim
ENV NODE_ENV=production ATOLL_DATA_DIR=/data
WORKDIR /opt/atoll
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY LICENSE ./
# Nobody of the image, nor of the host it runs on. Its data folder is the only place it may write to, with /tmp.
RUN install -d -o 10001 -g 10001 -m 700 /data
USER 10001:10001
VOLUME /data
EXPOSE 8800/tcp 5300/tcp 5300/udp
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=6 CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ATOLL_PORT ?? 8800}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# SIGTERM drains: goodbye to every connection, what is in flight, the commit.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/atoll/dist/regions/cli/main.js"]
CMD ["serve"]
