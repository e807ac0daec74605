'use strict'

exports.clients = {
  kafkajs: {
    package: 'kafkajs',
    server: 'kafka',
    env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    async open({ host, port, tls, ca }) {
      const { Kafka, logLevel } = require('kafkajs')
      const brokers = [`${host}:${port}`]
      const kafka = new Kafka({ brokers, ssl: tls && { ca }, logLevel: logLevel.ERROR })
      const producer = kafka.producer()
      await producer.connect()
      return {
        wait: (seconds) =>
          producer.send({ topic: `wait-${seconds}`, messages: [{ value: 'late' }] }),
      }
    },
  },
}
