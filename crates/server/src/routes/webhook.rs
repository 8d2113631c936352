//! Webhooks and notices: what the leads are told, and which addresses are told it too.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{CommandProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::{
    notice::NoticesView,
    webhook::{DeliveryView, WebhookInput, WebhookView},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(notices))
        .routes(routes!(webhooks_list, webhook_add))
        .routes(routes!(webhook_remove))
        .routes(routes!(webhook_rotate))
        .routes(routes!(webhook_test))
        .routes(routes!(webhook_deliveries))
        .routes(routes!(webhook_resend))
}

/// Lists the latest notices, newest first: stops, experiments that ended, changes of routings, certificates that ran out, drift.
#[utoipa::path(get, path = "/v1/notices", tag = "notices",
    responses((status = 200, description = "The notices.", body = NoticesView), ReadProblems), security(("key" = ["cases:read"])))]
async fn notices(access: Access<scope::CasesRead>) -> Result<Json<NoticesView>, Problem> {
    Ok(Json(access.workspace.notices(None).await?))
}

/// Lists the webhooks, without their secrets.
#[utoipa::path(get, path = "/v1/webhooks", tag = "notices",
    responses((status = 200, description = "The webhooks.", body = Vec<WebhookView>), ReadProblems), security(("key" = ["admin"])))]
async fn webhooks_list(access: Access<scope::Admin>) -> Result<Json<Vec<WebhookView>>, Problem> {
    Ok(Json(access.workspace.webhooks_list().await?))
}

/// Adds a webhook: an address that is told what the leads are told, as CloudEvents with the signature of Standard Webhooks. Its secret is
/// given here and never again.
#[utoipa::path(post, path = "/v1/webhooks", tag = "notices", request_body = WebhookInput,
    responses((status = 201, description = "The webhook with its secret.", body = WebhookView), CommandProblems), security(("key" = ["admin"])))]
async fn webhook_add(access: Access<scope::Admin>, command: Command<WebhookInput>) -> Result<(StatusCode, Json<WebhookView>), Problem> {
    Ok((StatusCode::CREATED, Json(access.workspace.webhook_add(command.input).await?)))
}

/// Removes a webhook, with its messages.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "notices",
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses((status = 204, description = "It is gone."), ReadProblems), security(("key" = ["admin"])))]
async fn webhook_remove(access: Access<scope::Admin>, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    access.workspace.webhook_remove(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the latest messages to a webhook, newest first, with what became of each.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "notices",
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses((status = 200, description = "The messages.", body = Vec<DeliveryView>), ReadProblems), security(("key" = ["admin"])))]
async fn webhook_deliveries(access: Access<scope::Admin>, Path(id): Path<Uuid>) -> Result<Json<Vec<DeliveryView>>, Problem> {
    Ok(Json(access.workspace.webhook_deliveries(id).await?))
}

/// Replaces a webhook's secret, which is given here and never again. For a day messages bear the signatures of both.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", tag = "notices",
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses((status = 200, description = "The webhook with its new secret.", body = WebhookView), CommandProblems), security(("key" = ["admin"])))]
async fn webhook_rotate(access: Access<scope::Admin>, Path(id): Path<Uuid>) -> Result<Json<WebhookView>, Problem> {
    Ok(Json(access.workspace.webhook_rotate(id).await?))
}

/// Lets a test be sent to a webhook, whatever types it is told of. It is tried once; the list of messages tells what became of it.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "notices",
    params(("id" = Uuid, Path, description = "The webhook.")),
    responses((status = 202, description = "The message.", body = DeliveryView), CommandProblems), security(("key" = ["admin"])))]
async fn webhook_test(access: Access<scope::Admin>, Path(id): Path<Uuid>) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(access.workspace.webhook_test(id).await?)))
}

/// Lets a message be sent once more, whatever became of it, with as many attempts as at first.
#[utoipa::path(post, path = "/v1/webhooks/{id}/deliveries/{event}/resend", tag = "notices",
    params(("id" = Uuid, Path, description = "The webhook."), ("event" = Uuid, Path, description = "The event that the message tells of.")),
    responses((status = 202, description = "The message.", body = DeliveryView), CommandProblems), security(("key" = ["admin"])))]
async fn webhook_resend(
    access: Access<scope::Admin>,
    Path((id, event)): Path<(Uuid, Uuid)>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(access.workspace.webhook_resend(id, event).await?)))
}
