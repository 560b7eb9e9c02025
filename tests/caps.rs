//! The caps on mail that strangers can cause. Strangers cannot see when a cap is reached.

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::wait::eventually;

/// Waits until this number of requests got no mail.
async fn held_back(app: &App, count: usize) {
    eventually(&format!("{count} requests get no mail"), async || {
        let lines = app.log().lines();
        let found = lines.iter().filter(|line| line.says("a subscription request gets no mail")).count();
        assert!(found <= count, "{found} requests got no mail");
        (found == count).then_some(())
    })
    .await;
}

both_databases! {
    async fn one_confirmation_in_a_quarter_of_an_hour(setup: Setup) {
        let app = setup.without("limits.confirmation_interval_minutes").start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        let first = page.subscribe("reader@example.com").await.expect(200);
        let inbox = app.inbox("reader@example.com");
        inbox.wait_for(1).await;
        for _ in 0..3 {
            let again = page.subscribe("reader@example.com").await.expect(200);
            assert_eq!(again.text(), first.text());
        }
        held_back(&app, 3).await;
        // Another subscriber on another page is not affected.
        page.subscribe("other@example.com").await.expect(200);
        app.inbox("other@example.com").wait_for(1).await;
        app.page("Second").with_component("second/api").await.subscribe("reader@example.com").await.expect(200);
        assert_eq!(inbox.wait_for(2).await.len(), 2, "{:?}", inbox.subjects());
        // The link from before still works.
        inbox.confirm().await;
    }
}

both_databases! {
    async fn three_confirmations_a_day_to_a_subscriber(setup: Setup) {
        let app = setup.without("limits.confirmations_per_subscriber_per_day").start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        for _ in 0..5 {
            page.subscribe("reader@example.com").await.expect(200);
        }
        let inbox = app.inbox("reader@example.com");
        inbox.wait_for(3).await;
        held_back(&app, 2).await;
        assert_eq!(inbox.mails().len(), 3);
    }
}

both_databases! {
    async fn ten_confirmations_a_day_to_a_person_whatever_their_aliases(setup: Setup) {
        let app = setup.without("limits.confirmations_per_address_per_day").start().await;
        let one = app.page("One").with_component("one/api").await;
        let two = app.page("Two").with_component("two/api").await;
        for number in 0..6 {
            one.subscribe(&format!("reader+{number}@example.com")).await.expect(200);
            two.subscribe(&format!("Reader+{number}@Example.com")).await.expect(200);
        }
        held_back(&app, 2).await;
        eventually("ten mails arrive", async || (app.sink().received().len() == 10).then_some(())).await;
        one.subscribe("reader@example.com").await.expect(200);
        held_back(&app, 3).await;
        one.subscribe("other+reader@example.com").await.expect(200);
        app.inbox("other+reader@example.com").wait_for(1).await;
        assert_eq!(app.sink().received().len(), 11);
    }
}

both_databases! {
    async fn a_mailbox_is_one_person_however_its_address_is_written(setup: Setup) {
        let app = setup.without("limits.confirmations_per_address_per_day").start().await;
        let page = app.page("One").with_component("one/api").await;
        for number in 0..3 {
            for address in [
                format!("reader+{number}@gmail.com"),
                format!("\"reader+{number}x\"@gmail.com"),
                format!("\"re\\ader\\+{number}y\"@gmail.com"),
                format!("r.e.a.der+{number}z@googlemail.com"),
            ] {
                page.subscribe(&address).await.expect(200);
            }
        }
        held_back(&app, 2).await;
        eventually("ten mails arrive", async || (app.sink().received().len() == 10).then_some(())).await;
    }
}

both_databases! {
    async fn page_causes_so_much_mail_and_no_more(setup: Setup) {
        let app = setup.with("limits.confirmations_per_page_per_day", 3).start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        for number in 0..3 {
            let address = format!("reader{number}@example.com");
            page.subscribe(&address).await.expect(200);
            app.inbox(&address).wait_for(1).await;
        }
        for number in 3..5 {
            page.subscribe(&format!("reader{number}@example.com")).await.expect(200);
        }
        held_back(&app, 2).await;
        app.page("Other").with_component("other/api").await.subscribe("reader4@example.com").await.expect(200);
        eventually("the other page's mail arrives", async || (app.sink().received().len() == 4).then_some(())).await;
    }
}
