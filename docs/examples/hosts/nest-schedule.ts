// One of several instances of a Nest application, with a job that runs at one of them.
import 'reflect-metadata';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, CronExpression, ScheduleModule } from '@nestjs/schedule';
import { connect } from 'ssp-toolkit';
import { election } from 'ssp-toolkit/recipes';

const connection = await connect({ addresses: [process.argv[2] ?? '4803@localhost'] });
const jobs = await election(connection, 'jobs', { prefer: 'oldest' });
jobs.on('leader-lost', () => console.log('does not lead'));
jobs.on('elected', ({ leader }) => console.log(leader === connection.id ? 'leads' : 'does not lead'));

type Job = (term: number) => unknown;

/** Put it below `@Cron`: the method then runs at the instance that leads, and gets the term. */
const OnlyLeader = () => (_target: object, _name: string, descriptor: TypedPropertyDescriptor<Job>) => {
  const job = descriptor.value as Job;
  if (Reflect.getMetadataKeys(job).length > 0) throw new Error('@OnlyLeader() belongs below @Cron()');
  descriptor.value = function (this: unknown): unknown {
    return jobs.isLeader && jobs.term !== null ? job.call(this, jobs.term) : undefined;
  };
};

@Injectable()
class Reports {
  @Cron(CronExpression.EVERY_SECOND)
  @OnlyLeader()
  report(term: number): void {
    console.log(`report, with a term: ${term > 0}`);
  }
}

@Module({ imports: [ScheduleModule.forRoot()], providers: [Reports] })
class App implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await connection.close();
  }
}

const app = await NestFactory.createApplicationContext(App, { logger: ['warn', 'error'] });
app.enableShutdownHooks([], { useProcessExit: true });
// No daemon for a minute: end, so that the service manager starts this instance again.
connection.once('close', (error) => error && process.exit(1));
