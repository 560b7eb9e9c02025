//! Every change that was answered with 200 survives, whichever process is killed.

use crate::support::both_databases;
use crate::support::smtp::AfterData;
use crate::support::wait::eventually;

both_databases! {
    async fn accepted_request_survives_the_death_of_the_server(setup: Setup) {
        let setup = setup.with("jobs.lease_seconds", 2).with("jobs.heartbeat_seconds", 1);
        let mut app = setup.start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        let addresses: Vec<String> = (0..8).map(|number| format!("reader{number}@example.com")).collect();
        for address in &addresses {
            page.subscribe(address).await.expect(200);
            app.kill();
            app.restart().await;
        }
        for address in &addresses {
            let inbox = app.inbox(address);
            inbox.wait_for(1).await;
            inbox.confirm().await;
        }
        page.publish("acme/api", "v1.0.0").await;
        for address in &addresses {
            app.inbox(address).mail("v1.0.0").await;
        }
        // A message that was on its way during a kill may come twice. It is the same message then.
        for address in &addresses {
            let mails = app.inbox(address).mails();
            let mut messages: Vec<_> = mails.iter().map(|mail| &mail.received.message).collect();
            messages.dedup();
            let mut ids: Vec<_> = mails.iter().map(|mail| mail.received.message_id()).collect();
            ids.dedup();
            assert_eq!((messages.len(), ids.len()), (2, 2), "{ids:?}");
        }
    }
}

both_databases! {
    async fn confirmation_survives_the_death_of_the_worker_that_sends_it(setup: Setup) {
        let setup = setup.with("jobs.lease_seconds", 2).with("jobs.heartbeat_seconds", 1);
        let app = setup.without_worker().start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        app.sink().hold();
        let mut worker = app.worker_start();
        page.subscribe("reader@example.com").await.expect(200);
        let reader = app.inbox("reader@example.com");
        reader.wait_for(1).await;
        // The mail server has the message, but the worker does not know. Nobody can tell whether it was accepted.
        worker.kill();
        app.sink().release();
        let _another = app.worker_start();
        let mails = reader.wait_for(2).await;
        assert_eq!(mails[0].received.message, mails[1].received.message);
        assert!(!mails[0].received.message_id().is_empty());
        reader.confirm().await;
        page.publish("acme/api", "v1.0.0").await;
        reader.mail("v1.0.0").await;
        assert_eq!(reader.mails().len(), 3, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn mail_server_that_hangs_up_gets_the_same_message_again(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        app.sink().after_data(AfterData::HangUp);
        page.subscribe("reader@example.com").await.expect(200);
        let reader = app.inbox("reader@example.com");
        reader.wait_for(1).await;
        app.sink().after_data(AfterData::Accept);
        let accepted = eventually("the message is accepted", async || {
            reader.mails().into_iter().find(|mail| mail.received.accepted)
        })
        .await;
        assert_eq!(accepted.received.message, reader.mails()[0].received.message);
        reader.confirm().await;
    }
}
